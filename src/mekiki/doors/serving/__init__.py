"""The service (``mekiki serve``): one model behind HTTP. It needs the packages of the extra ``serve``."""
