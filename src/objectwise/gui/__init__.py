"""The napari shell: docks, previews and tables around the operations; nothing here touches a pixel itself."""
