"""The HTTP API: for controllers under `/v1/plc`, for people and programs beside it."""
