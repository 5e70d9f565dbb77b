"""What the demonstration is seeded from; it goes through the same door as any other town's file."""

import json
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
OFFICERS: Final = 24  # one for each beat, and four who share one
FIRST_CALL_SIGN: Final = 401

# What people call the police for when nobody's life is in danger, the most frequent first: a reporter sees six at once.
# Two officers where tempers may run high.
CATEGORIES: Final[tuple[dict[str, Any], ...]] = (
    {"id": "bicycle", "name": "自行车或电动车被盗", "name_en": "Stolen bicycle or e-bike"},
    {"id": "theft", "name": "盗窃", "name_en": "Theft"},
    {"id": "lost_property", "name": "物品遗失", "name_en": "Lost property", "priority": 4},
    {"id": "noise", "name": "噪声扰民", "name_en": "Noise"},
    {"id": "traffic", "name": "交通小事故", "name_en": "Minor traffic accident"},
    {"id": "dispute", "name": "纠纷调解", "name_en": "Dispute", "seats": 2, "check_in_s": 900},
    {"id": "animal", "name": "动物滋扰", "name_en": "Animal"},
    {"id": "fraud", "name": "疑似诈骗", "name_en": "Suspected fraud"},
    {"id": "missing_person", "name": "老人或儿童走失", "name_en": "Missing elder or child", "seats": 2, "priority": 1},
    {"id": "taxi_dispute", "name": "出租车纠纷", "name_en": "Taxi dispute"},
    {"id": "vandalism", "name": "损坏财物", "name_en": "Damage to property"},
    {"id": "found_property", "name": "拾获物品", "name_en": "Found property", "priority": 5},
    {"id": "other", "name": "其他", "name_en": "Something else"},
)


def demonstration_town() -> dict[str, Any]:
    """The town, as `gateway.town.seed_town` takes it."""
    return {
        "stations": json.loads((HERE / "xuanwu_stations.geojson").read_bytes()),
        "beats": json.loads((HERE / "xuanwu_beats.geojson").read_bytes()),
        "officers": OFFICERS,
        "first_call_sign": FIRST_CALL_SIGN,
        "categories": list(CATEGORIES),
    }
