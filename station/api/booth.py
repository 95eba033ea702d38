"""Products, gallery, cameras and reasons: what the station has and what its words mean."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.exceptions import HTTPException
from starlette.responses import Response

from station.api.booth_schemas import (
    CameraBody,
    CertificateBody,
    GalleryBody,
    ProductBody,
    camera_body,
    certificate_body,
    gallery_body,
    product_body,
)
from station.api.door import Door
from station.api.problems import picture_responses, problem_responses
from station.api.schemas import ReasonBody, reason_body
from station.core.damage import Reason

ProductId = Annotated[str, Path(description="The product.", examples=["carton-tea"], max_length=128)]
CameraId = Annotated[str, Path(description="The camera's name in the rig.", examples=["top"], max_length=128)]


def booth_router(door: Door) -> APIRouter:
    """Build the routes of products, gallery, cameras and reasons."""
    router = APIRouter(prefix="/v1", tags=["station"])
    _add_products(router, door)
    _add_cameras(router, door)

    @router.get("/reasons", summary="What the codes mean", operation_id="reasons")
    def reasons() -> list[ReasonBody]:
        """List every reason with its code, and what to do about it."""
        return [reason_body(reason) for reason in Reason]

    return router


def _add_products(router: APIRouter, door: Door) -> None:
    @router.get(
        "/products", summary="Products the station knows", operation_id="products", responses=problem_responses(503)
    )
    def products() -> list[ProductBody]:
        """List every product, with how many reference pictures it has."""
        return [product_body(product) for product in door.products()]

    @router.get(
        "/products/{product_id}/picture",
        summary="A reference picture",
        response_class=Response,
        responses=picture_responses(404, 422, 503),
        operation_id="product_picture",
    )
    def product_picture(product_id: ProductId) -> Response:
        """Give a reference picture of the pristine product."""
        picture = door.product_picture(product_id)
        if picture is None:
            raise HTTPException(
                404, f"there is no picture of a product {product_id}; GET /v1/products lists the products"
            )
        return Response(picture.data, media_type=picture.media_type)

    @router.get("/gallery", summary="The gallery and its false alarms", operation_id="gallery")
    async def gallery() -> GalleryBody:
        """Give the gallery's digest, and which rate of false alarms its good items uphold."""
        return gallery_body(door.gallery())

    @router.get("/certificate", summary="What the threshold is certified for", operation_id="certificate")
    async def certificate() -> CertificateBody:
        """Give the certificate of the station's threshold, and whether it holds now."""
        return certificate_body(door.certificate())


def _add_cameras(router: APIRouter, door: Door) -> None:
    @router.get("/cameras", summary="The cameras now", operation_id="cameras")
    def cameras() -> list[CameraBody]:
        """List every camera with its frames, losses and the age of its newest frame."""
        return [camera_body(camera) for camera in door.status().cameras]

    @router.get(
        "/cameras/{camera_id}/picture",
        summary="What a camera sees",
        response_class=Response,
        responses=picture_responses(404, 422),
        operation_id="camera_picture",
    )
    def camera_picture(camera_id: CameraId) -> Response:
        """Give the camera's latest picture."""
        picture = door.camera_picture(camera_id)
        if picture is None:
            raise HTTPException(404, f"there is no picture of a camera {camera_id}; GET /v1/cameras lists the cameras")
        return Response(picture.data, media_type=picture.media_type, headers={"Cache-Control": "no-store"})
