"""Makes the built engine layer and the small releases known to the tests of this folder."""

from tests.engine_fixtures import built_clamav_layer, other_release, short_path, small_release

__all__ = ["built_clamav_layer", "other_release", "short_path", "small_release"]
