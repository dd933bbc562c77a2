"""The Gradio app: panels and handlers around a :class:`landscape.scene.scene.Scene`."""
