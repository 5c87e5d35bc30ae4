"""Buttons that open a chapter elsewhere, once `repository_url` in _config.yml tells where it is."""

BUTTONS = {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"}


def offer(app, config):
    """Add the buttons to the theme's options; without an address there is nowhere to lead."""
    theme = config.html_theme_options
    if theme.get("repository_url"):
        theme["launch_buttons"] = BUTTONS
        theme["use_repository_button"] = theme["use_issues_button"] = True


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
