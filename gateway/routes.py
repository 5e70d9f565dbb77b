"""The whole surface on one screen."""

from starlette.routing import BaseRoute, Route

from gateway.http import advice, areas, cases, docs, figures, handover, health, pages, places, safety, sign_in

ROUTES: list[BaseRoute] = [
    Route("/v1/reports", cases.post_report, methods=["POST"]),
    Route("/v1/advice", advice.get_advice, methods=["GET"]),
    Route("/v1/advice", advice.post_advice, methods=["POST"]),
    Route("/v1/receipts", sign_in.post_receipt, methods=["POST"]),
    Route("/v1/sessions", sign_in.post_session, methods=["POST"]),
    Route("/v1/sessions/current", sign_in.delete_session, methods=["DELETE"]),
    Route("/v1/tickets", sign_in.post_ticket, methods=["POST"]),
    Route("/v1/me", sign_in.get_me, methods=["GET"]),
    Route("/v1/duty", cases.post_duty, methods=["POST"]),
    Route("/v1/cases/{case}", cases.get_case, methods=["GET"]),
    Route("/v1/cases/{case}/history", cases.get_history, methods=["GET"]),
    Route("/v1/cases/{case}/entries", cases.get_entries, methods=["GET"]),
    Route("/v1/cases/{case}/talk", cases.get_talk, methods=["GET"]),
    Route("/v1/cases/{case}/claims", cases.post_claim, methods=["POST"]),
    Route("/v1/cases/{case}/acts", cases.post_act, methods=["POST"]),
    Route("/v1/claims/{key}", cases.get_claim, methods=["GET"]),
    Route("/v1/cases/{case}/place", places.get_place, methods=["GET"]),
    Route("/v1/hazards", places.get_hazards, methods=["GET"]),
    Route("/v1/hazards", places.post_hazard, methods=["POST"]),
    Route("/v1/hazards/ended", places.post_ended, methods=["POST"]),
    Route("/v1/panics", safety.post_panic, methods=["POST"]),
    Route("/v1/panics/cleared", safety.post_cleared, methods=["POST"]),
    Route("/v1/desk", cases.get_desk, methods=["GET"]),
    Route("/v1/desk/handover", handover.get_handover, methods=["GET"]),
    Route("/v1/figures", figures.get_figures, methods=["GET"]),
    Route("/v1/areas", areas.get_areas, methods=["GET"]),
    Route("/v1/areas", areas.post_areas, methods=["POST"]),
    Route("/v1/categories", areas.get_categories, methods=["GET"]),
    Route("/healthz", health.healthz, methods=["GET"]),
    Route("/readyz", health.readyz, methods=["GET"]),
    *docs.ROUTES,
    *pages.ROUTES,
]
