"""The contract: operations, grids, recipes, runs, tiles and tables; no image is processed here."""
