import pytest

from ui.server.resources import Limits
from ui.server.services import Services


@pytest.fixture
def services() -> Services:
    made = Services(object(), Limits(sessions=3))
    yield made
    made.close()


def figure(services: Services, series: str) -> float:
    return float(next(line.rsplit(" ", 1)[1] for line in services.metrics.text().splitlines() if line.startswith(series + " ")))


def test_a_video_is_counted_with_its_tracker_as_long_as_it_is_translated(services):
    with services.count_video(), services.count_video():
        assert services.videos == figure(services, "kslr_videos") == figure(services, "kslr_trackers") == 2
    with pytest.raises(ZeroDivisionError), services.count_video():
        1 / 0  # noqa: B018
    assert services.videos == figure(services, "kslr_trackers") == 0
    assert figure(services, "kslr_videos_ended_total") == 3


def test_a_server_that_stops_says_so_and_deletes_its_results(services):
    folder = services.results.new()
    assert not services.stopping.is_set()
    services.close()
    assert services.stopping.is_set()
    assert not folder.exists()
    assert figure(services, "kslr_sessions_limit") == 3
