"""IN: from a source of cost data to the delivery stream. Knows no rule and no query engine."""
