"""Products, their artwork and their barcodes."""

import numpy as np
import pytest
import zxingcpp

from station.core.errors import SimulationError
from station.simulation.artwork import artwork
from station.simulation.canvas import ean13, ean13_modules
from station.simulation.catalogue import PRINTED_CRACK, Kind, catalogue


def test_there_are_eight_products_of_three_kinds_with_codes_of_their_own():
    products = catalogue(2026)
    assert len(products) >= 8
    assert {item.kind for item in products} == {Kind.CARTON, Kind.MAILER, Kind.CAN}
    assert len({item.product_id for item in products}) == len({item.barcode for item in products}) == len(products)
    assert PRINTED_CRACK in {item.product_id for item in products}


def test_the_catalogue_seed_gives_the_barcodes():
    assert catalogue(1) == catalogue(1)
    assert {item.barcode for item in catalogue(1)}.isdisjoint(item.barcode for item in catalogue(2))


@pytest.mark.parametrize("item", catalogue(2026), ids=lambda item: item.product_id)
def test_a_barcode_on_the_flat_artwork_decodes(item):
    found = zxingcpp.read_barcodes(artwork(item, 4.0).sheet)
    assert {code.text for code in found} == {item.barcode}
    assert {code.format for code in found} == {zxingcpp.BarcodeFormat.EAN13}


def test_artwork_is_the_same_every_time_and_other_under_another_seed():
    tea = catalogue(2026)[0]
    first = artwork(tea, 2.0).sheet
    artwork.cache_clear()
    assert np.array_equal(artwork(tea, 2.0).sheet, first)
    assert not np.array_equal(artwork(catalogue(2027)[0], 2.0).sheet, first)


def test_check_digit_as_the_standard_computes_it():
    assert ean13("400638133393") == "4006381333931"
    assert len(ean13_modules("4006381333931")) == 95


def test_a_wrong_check_digit_is_refused():
    with pytest.raises(SimulationError, match="4006381333932"):
        ean13_modules("4006381333932")
