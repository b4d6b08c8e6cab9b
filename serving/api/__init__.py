"""Requests and answers: doors, guard, limits, shapes, documents, log and figures."""
