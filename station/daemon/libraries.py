"""What the numeric libraries may use of the machine."""

import cv2
from threadpoolctl import threadpool_limits


def use_one_thread_each() -> None:
    """Keep OpenCV and BLAS to the calling thread.

    The walk's own threads share few cores. A BLAS pool that spins between two products made the reference
    comparison two to four times slower on two cores; the model has its threads by `inference.threads`.
    """
    cv2.setNumThreads(1)
    threadpool_limits(1, user_api="blas")
