"""The making of mekiki-tiny: pictures drawn from formulas, and the network that learns to tell the formulas apart."""
