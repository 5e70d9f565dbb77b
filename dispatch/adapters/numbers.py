"""Telephone numbers as Google's libphonenumber knows them: keeps `dispatch.people.phones.Numbers`."""

from collections.abc import Collection

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from dispatch.people.phones import PhoneRefusal

ORDINARY = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
"""They take messages at the ordinary price. Premium, shared-cost and satellite ranges are what pumps earn on."""


class PhoneNumbers:
    """`regions`: ISO 3166 codes of lands that are written to; the first is meant where a number names none."""

    def __init__(self, regions: Collection[str]) -> None:
        self._regions = tuple(regions)

    def read(self, text: str) -> str | PhoneRefusal:
        try:
            number = phonenumbers.parse(text, self._regions[0])
        except NumberParseException:
            return PhoneRefusal.INVALID
        if not phonenumbers.is_valid_number(number):
            return PhoneRefusal.INVALID
        if phonenumbers.region_code_for_number(number) not in self._regions:
            return PhoneRefusal.NOT_SERVED
        if phonenumbers.number_type(number) not in ORDINARY:
            return PhoneRefusal.NOT_SERVED
        return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
