"""Packets held and chosen: nothing here touches a device."""
