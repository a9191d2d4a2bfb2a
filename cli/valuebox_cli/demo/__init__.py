"""`valuebox demo`: what the box can do, shown on made-up data with the commands of everybody."""
