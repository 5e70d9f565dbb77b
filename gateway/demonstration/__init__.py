"""A town to try the service in: Xuanwu District in Nanjing, with invented stations, beats and people."""

from gateway.demonstration.town import demonstration_town

__all__ = ["demonstration_town"]
