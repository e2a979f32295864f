"""Judgement: nothing here touches a device."""
