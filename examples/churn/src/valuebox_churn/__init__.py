"""A compartment of valuebox: will this customer still buy within the next 60 days?"""
