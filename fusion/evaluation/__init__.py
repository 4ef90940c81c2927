"""Sign and affect measured together on manifests of clips, and the video baselines beside them."""
