"""All verbs of `station`."""

import typer

from station.cli import (
    bench,
    config,
    dataset,
    demo,
    doctor,
    evaluate,
    models,
    plc_sim,
    products,
    record,
    recordings,
    replay,
    run,
    setup,
    simulate,
    train,
    tune,
)

app = typer.Typer(
    name="station",
    help="The open damage inspection station: see an item, judge it, tell the packing line.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("doctor")(doctor.doctor)
app.command("record")(record.record)
app.command("replay")(replay.replay)
app.add_typer(products.app, name="products")
app.add_typer(recordings.app, name="recordings")
app.add_typer(setup.app, name="setup")
app.add_typer(simulate.app, name="simulate")
app.add_typer(dataset.app, name="dataset")
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("tune")(tune.tune)
app.command("plc-sim")(plc_sim.plc_sim)
app.command("config")(config.config)
app.add_typer(models.app, name="models")
app.command("bench")(bench.bench)
