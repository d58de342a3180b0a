"""How the shipped model and its cold-start calibration were made; never imported by the product."""
