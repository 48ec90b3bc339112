"""Forms made from the records of methods: fields, choosers, values that are remembered and kept under names."""
