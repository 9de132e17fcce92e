"""What is checked of an export before it is saved; `validation` asks for what the checks need."""
