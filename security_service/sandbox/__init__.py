"""The sandbox operator: the providers' protocols over virtual handsets; an application of its own.

It is written from the providers' documents and imports nothing of the service that it stands
opposite to, so that an error in one is not repeated in the other.
"""
