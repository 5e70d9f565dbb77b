"""What looks at the pages as a person would: axe over every named state, Lighthouse, what a first view weighs."""
