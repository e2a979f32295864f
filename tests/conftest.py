"""What holds for every test."""

from hypothesis import settings

# A machine that is busy makes an example slow, and nothing wrong.
settings.register_profile("vigil", parent=settings(), deadline=None)
settings.load_profile("vigil")
