"""Charts and maps as Vega and Vega-Lite specifications, and as charts of Altair."""
