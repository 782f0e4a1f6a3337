"""Emulated devices, shopping traffic, faulty networks, and the demo that puts all of it together.

One rule: nothing that runs in a shop or at headquarters imports anything from here.
"""
