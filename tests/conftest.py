"""What all tests share.

Hypothesis measures no time here: on a loaded machine a slow example says nothing about the code.
"""

from hypothesis import settings

settings.register_profile("tillsync", deadline=None)
settings.load_profile("tillsync")
