"""Pictures of models: their parts as boxes, their neurons as circles."""
