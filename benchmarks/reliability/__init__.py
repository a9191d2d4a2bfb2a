"""Whether anything is lost, doubled or leaked while things break."""
