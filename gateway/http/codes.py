"""Every stable error code of the HTTP surface: its status, a title, and a sentence a person can act on."""

from typing import Final

CODES: Final[dict[str, tuple[int, str, str]]] = {
    # --- the request as such
    "malformed_json": (400, "Not JSON", "The body is not a JSON text."),
    "malformed_request": (400, "Not understood", "The request could not be understood."),
    "not_found": (404, "Not found", "There is nothing here, or nothing that you may see."),
    "method_not_allowed": (405, "Method not allowed", "This address does not know the method."),
    "body_slow": (408, "Too slow", "The body did not arrive in time."),
    "body_too_large": (413, "Body too large", "The body is larger than is accepted here."),
    "content_type_unsupported": (415, "Content type not supported", "The body must be application/json."),
    "internal": (500, "Our mistake", "Something went wrong on our side. Ask again with the same key."),
    "store_away": (503, "Not now", "The service cannot reach its store. Ask again with the same key."),
    "busy": (503, "Busy", "Nothing was decided. Ask again with the same key."),
    # --- keys
    "overloaded": (503, "Too much at once", "Too much is waiting. Come back in a second, with the same key."),
    "away": (503, "Not now", "The service cannot reach its store. Ask again with the same key."),
    "key_missing": (400, "Key missing", "Send the header Idempotency-Key, made for this one act."),
    "key_invalid": (400, "Key invalid", "Idempotency-Key must be 22 to 64 of A-Z a-z 0-9 _ and -."),
    "key_reused": (422, "Key used before", "The same key came before with another body. Make a new key."),
    # --- fields
    "field_missing": (422, "Field missing", "A field that is needed is missing."),
    "field_unknown": (422, "Field unknown", "A field is not known here."),
    "field_invalid": (422, "Field invalid", "A field does not hold what it should."),
    "character_not_allowed": (422, "Character not allowed", "A text holds the character NUL, which cannot be kept."),
    "words_empty": (422, "Words missing", "Say in words what happened."),
    "words_too_long": (422, "Too many words", "The words are longer than is accepted."),
    "place_missing": (422, "Place missing", "Say where it is: lat and lon, in degrees."),
    "latitude_out_of_range": (422, "Latitude out of range", "lat must lie between -90 and 90."),
    "longitude_out_of_range": (422, "Longitude out of range", "lon must lie between -180 and 180."),
    "coordinates_swapped": (422, "Coordinates swapped", "lat holds what can only be a longitude: swap lat and lon."),
    "coordinate_not_finite": (422, "Not a coordinate", "lat and lon must be finite numbers."),
    "datum_unknown": (422, "Datum unknown", "datum may be wgs84 or gcj02."),
    "category_unknown": (422, "Category unknown", "There is no such category. GET /v1/categories lists them."),
    # --- areas
    "areas_refused": (422, "Areas refused", "The areas cannot be taken over. Nothing was changed."),
    "geojson_invalid": (422, "Not GeoJSON", "The body is not a GeoJSON FeatureCollection (RFC 7946)."),
    "kind_unknown": (422, "Kind unknown", "kind may be station or beat."),
    # --- who asks
    "session_missing": (401, "Not signed in", "Send Authorization: Bearer with the token of a session."),
    "session_ended": (401, "Session ended", "The session has ended or never was. Sign in again."),
    "not_allowed": (403, "Not allowed", "This is not for your role."),
    "origin_not_allowed": (403, "Origin not allowed", "The header Origin must name a page of this service."),
    "sign_in_refused": (401, "Sign-in refused", "Login or password is wrong."),
    "too_many_attempts": (429, "Too many attempts", "Too many tries failed. Wait a few minutes."),
    "receipt_malformed": (422, "Not a receipt code", "A receipt code has 24 characters; one of them is mistyped."),
    "receipt_unknown": (404, "Receipt unknown", "No case belongs to this receipt code."),
    # --- socket tickets
    "ticket_missing": (401, "Ticket missing", "Ask POST /v1/tickets for a ticket first."),
    "ticket_malformed": (401, "Not a ticket", "This is not a ticket of this service."),
    "ticket_forged": (401, "Not a ticket", "This is not a ticket of this service."),
    "ticket_expired": (401, "Ticket expired", "The ticket has expired. Ask for a new one."),
    "ticket_origin": (403, "Ticket of another page", "The ticket was made for another origin."),
    "ticket_used": (401, "Ticket used", "The ticket has been used. Ask for a new one."),
    # --- refusals of the judge (dispatch.cases.values.Refusal)
    "taken": (409, "Taken", "Another officer was first."),
    "late": (409, "Too late", "The offer had closed."),
    "at_desk": (409, "At the desk", "The station's desk has the case by now."),
    "withdrawn": (409, "Withdrawn", "The reporter took the report back."),
    "closed": (409, "Closed", "The case is over."),
    "not_offered": (409, "Not offered", "The case was not offered to you."),
    "stale_round": (409, "An earlier offer", "The case has been offered anew since; answer the present offer."),
    "stale_fence": (409, "No longer yours", "The case changed hands since."),
    "off_duty": (409, "Off duty", "The officer is not on duty."),
    "no_slot": (409, "Hands full", "The officer already holds as many cases as the station allows."),
    "declined": (409, "Declined", "The officer declined this offer."),
    "handed_back": (409, "Handed back", "The officer handed this case back before."),
    "already_held": (409, "Already held", "The officer already holds this case."),
    "illegal": (409, "Not possible now", "The case's status does not allow this."),
    "not_yours": (403, "Not yours", "This is not for you to do."),
    "holds_case": (409, "Holds a case", "Finish or hand back the open case before going off duty."),
}  # fmt: skip

RETRY_AFTER_S: Final[dict[str, int]] = {"store_away": 1, "busy": 1, "overloaded": 1, "away": 1, "too_many_attempts": 60}
