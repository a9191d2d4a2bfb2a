"""What decisions about offers brought: for the page, and for `valuebox offers report`."""
