"""tidy table ► warehouse: vintages, dimensions, roles, the BI contract."""
