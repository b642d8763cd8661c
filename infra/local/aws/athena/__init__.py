"""What Athena's API does around a query: statements, catalogue, executions, results, workgroups."""
