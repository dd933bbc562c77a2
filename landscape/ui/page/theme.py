"""The look of the page: system fonts, one accent colour, dark and light."""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils import colors

_FONT = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")


def theme() -> gr.themes.Base:
    """The theme; nothing in it is fetched from another host."""
    return gr.themes.Base(
        primary_hue=colors.sky,
        secondary_hue=colors.slate,
        neutral_hue=colors.slate,
        font=_FONT,
        font_mono=("ui-monospace", "monospace"),
        radius_size=gr.themes.sizes.radius_lg,
        spacing_size=gr.themes.sizes.spacing_sm,
        text_size=gr.themes.sizes.text_md,
    ).set(
        body_background_fill="#f5f7fa",
        body_background_fill_dark="#0e1319",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_label_background_fill="transparent",
        block_title_text_weight="600",
        block_info_text_size="12px",
        block_info_text_color="#5b6b7f",
        block_info_text_color_dark="#93a3b5",
        block_title_text_color="#0f172a",
        block_title_text_color_dark="#eef3f8",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1b232d",
        button_primary_background_fill="#0b76c4",
        button_primary_background_fill_hover="#0a68ad",
        button_primary_background_fill_dark="#2b8fd6",
        button_primary_background_fill_hover_dark="#45a3e6",
        button_primary_text_color="#ffffff",
        input_border_width="1px",
        checkbox_background_color_selected="#0b76c4",
        checkbox_background_color_selected_dark="#2b8fd6",
        checkbox_border_color_selected="#0b76c4",
        checkbox_border_color_selected_dark="#2b8fd6",
        slider_color="#0b76c4",
        slider_color_dark="#4fb0f5",
    )
