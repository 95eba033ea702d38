"""Settings of the technician's procedures: every limit a step or the daily check holds its figures against."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True)
class SetupSettings:
    """What `station setup` asks for and accepts, and what its daily check tolerates."""

    folder: Annotated[str, Doc("Folder of the booth's setup: captures, rigs, reports, history of the daily check.")] = (
        "setup"
    )
    technician: Annotated[str, Doc("Who sets the booth up, for the report.")] = ""
    paper: Annotated[Literal["A4", "A3", "A2"], Doc("Paper size of the calibration board.")] = "A3"
    board_thickness_mm: Annotated[
        float, Ge(0), Le(50), Doc("Height of the board's print above what the board lies on, in mm.")
    ] = 3.0
    board_bar_mm: Annotated[
        float,
        Ge(90),
        Le(110),
        Doc("What the board's printed bars of 100 mm really measure, in mm: its squares are taken as much larger."),
    ] = 100.0
    golden_bar_mm: Annotated[
        float,
        Ge(90),
        Le(110),
        Doc("What the golden target's printed bars of 100 mm really measure, in mm: its squares are as much larger."),
    ] = 100.0
    booth: Annotated[
        str,
        Doc(
            "The booth as planned, which gives tray and working volume: a booth file, or `three` or `six`, as shipped."
        ),
    ] = "three"
    empty_framesets: Annotated[
        int, Ge(8), Le(300), Doc("Framesets of the empty tray that light, depth noise and background are taken from.")
    ] = 40
    poses_per_camera: Annotated[int, Ge(3), Le(200), Doc("Poses of the board every camera must see.")] = 10
    poses_shared: Annotated[
        int, Ge(2), Le(200), Doc("Poses of the board every camera must see together with another camera.")
    ] = 6
    lying_poses: Annotated[
        int, Ge(1), Le(20), Doc("Poses of the board lying on the tray, from which its plane is taken.")
    ] = 3
    still_levels: Annotated[
        float,
        Gt(0),
        Le(50),
        Doc("The board is still while pictures differ by less than this, mean of levels 0 to 255."),
    ] = 1.5
    new_pose_px: Annotated[
        float, Gt(0), Le(500), Doc("A pose is a new one when the board's corners moved by more than this, in px.")
    ] = 12.0
    min_corners: Annotated[int, Ge(6), Le(200), Doc("Fewest corners of the board that make a sighting.")] = 12
    max_edge_px: Annotated[
        float, Gt(1), Le(30), Doc("Widest edges, 10 to 90 %, of a board that is in focus and still, in px.")
    ] = 4.5
    max_board_clipped: Annotated[float, Gt(0), Le(1), Doc("Largest overexposed share of the board; more is glare.")] = (
        0.08
    )
    max_view_error_px: Annotated[
        float, Gt(0), Le(20), Doc("A view whose corners fit no pose better than this, RMS in px, is left out.")
    ] = 1.5
    max_reprojection_px: Annotated[
        float, Gt(0), Le(5), Doc("Largest reprojection error over all corners and cameras, RMS in px.")
    ] = 0.5
    max_leave_one_out_px: Annotated[
        float, Gt(0), Le(10), Doc("Largest error of a camera's corners as the other cameras predict them, RMS in px.")
    ] = 1.0
    max_point_to_plane_mm: Annotated[
        float,
        Gt(0),
        Le(50),
        Doc("Largest distance of a camera's depth from the board as all cameras place it, RMS in mm."),
    ] = 8.0
    max_intrinsics_px: Annotated[
        float, Gt(0), Le(5), Doc("Largest reprojection error of a single camera by its factory intrinsics, RMS in px.")
    ] = 0.5
    intrinsics_gain: Annotated[
        float,
        Gt(1),
        Le(10),
        Doc("Refined intrinsics are used where they predict views left out better by this factor."),
    ] = 1.02
    max_tray_spread_mm: Annotated[
        float, Gt(0), Le(20), Doc("Largest distance of a lying board's corners from the tray's plane, in mm.")
    ] = 1.0
    max_tray_depth_mm: Annotated[
        float,
        Gt(0),
        Le(50),
        Doc(
            "Largest distance of a camera's depth of the empty tray from the tray's plane, median in mm; a D4xx's own "
            "depth may be off by some mm at a booth's distances, so that less is no sign of a wrong plane."
        ),
    ] = 5.0
    max_tray_shift_mm: Annotated[
        float, Gt(0), Le(500), Doc("Largest shift of the working area against the plan, by the cameras' places, in mm.")
    ] = 15.0
    max_tray_turn_deg: Annotated[
        float, Gt(0), Le(90), Doc("Largest turn of the working area against the plan, by the cameras, in degrees.")
    ] = 5.0
    min_coverage: Annotated[
        float, Ge(0), Le(1), Doc("Smallest share of the working volume that two cameras or more see.")
    ] = 0.6
    min_tray_coverage: Annotated[
        float, Ge(0), Le(1), Doc("Smallest share of the tray's working area that some camera sees.")
    ] = 0.98
    min_fill: Annotated[float, Ge(0), Le(1), Doc("Smallest share of the tray's pixels with depth.")] = 0.9
    max_plane_rms_percent: Annotated[
        float, Gt(0), Le(20), Doc("Largest plane-fit RMS of depth, in percent of the distance.")
    ] = 1.0
    max_z_error_percent: Annotated[
        float, Gt(0), Le(20), Doc("Largest error of depth against the board, median, in percent of the distance.")
    ] = 2.0
    max_temporal_noise_percent: Annotated[
        float, Gt(0), Le(20), Doc("Largest temporal noise of depth, median over pixels, in percent of the distance.")
    ] = 1.0
    max_calibration_health: Annotated[
        float, Gt(0), Le(1), Doc("Largest health figure of a camera's own depth calibration that is still used.")
    ] = 0.25
    max_light_unevenness: Annotated[
        float, Gt(0), Le(1), Doc("Largest difference in light between halves of the tray, as a share of the mean.")
    ] = 0.35
    max_clipped: Annotated[float, Ge(0), Le(1), Doc("Largest overexposed share of the empty tray.")] = 0.01
    min_white: Annotated[
        float, Ge(0), Le(255), Doc("Least level of the laid board's white paper, 0 to 255; less is too dark to judge.")
    ] = 100.0
    max_flicker: Annotated[
        float, Gt(0), Le(1), Doc("Largest flicker of the light from frame to frame, peak to peak, as a share.")
    ] = 0.04
    mains_hz: Annotated[Literal[50, 60], Doc("Frequency of the mains; lamps flicker at twice that, Hz.")] = 50
    max_skew_ms: Annotated[
        float, Gt(0), Le(1000), Doc("Largest time between the cameras' pictures of a moment, in ms.")
    ] = 8.0
    motion_framesets: Annotated[
        int, Ge(8), Le(300), Doc("Framesets of the moving board that the skew between cameras is measured by.")
    ] = 24
    max_cameras_per_controller: Annotated[
        int, Ge(1), Le(8), Doc("Most cameras on one USB controller before the procedure warns.")
    ] = 3
    check_placements: Annotated[
        int, Ge(1), Le(20), Doc("Places on the tray where the daily check wants the golden target laid.")
    ] = 3
    check_held: Annotated[
        int,
        Ge(0),
        Le(40),
        Doc("Poses above the tray, tilted, in which the daily check wants the golden target shown to all cameras."),
    ] = 6
    check_seen: Annotated[
        int, Ge(1), Le(60), Doc("Poses of the golden target that every camera must see in the daily check.")
    ] = 2
    check_moved_mm: Annotated[
        float, Gt(0), Le(50), Doc("The daily check: a camera has moved when it is off by more than this, in mm.")
    ] = 1.5
    check_moved_deg: Annotated[
        float, Gt(0), Le(10), Doc("The daily check: a camera has turned when it is off by more than this, in degrees.")
    ] = 0.25
    check_depth_percent: Annotated[
        float,
        Gt(0),
        Le(20),
        Doc("The daily check: depth may have drifted by this since setup, in percent of the distance."),
    ] = 1.5
    check_light: Annotated[
        float, Gt(0), Le(1), Doc("The daily check: light may have changed by this since setup, as a share.")
    ] = 0.1
    check_focus: Annotated[
        float, Gt(1), Le(10), Doc("The daily check: edges may have grown wider than at setup by this factor.")
    ] = 1.5
    check_required: Annotated[
        bool, Doc("Whether the station passes no item unless its last daily check passed and is not too old.")
    ] = False
    check_max_age_h: Annotated[float, Gt(0), Le(8760), Doc("The daily check is too old after this many hours.")] = 26.0
