"""The second stage: rules over signals, reports and bulletins, joined in space and time (engine.md section 3)."""
