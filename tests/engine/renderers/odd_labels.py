"""Labels that pictures have to show as they are."""

# Labels that a careless picture would show as something else, or not at all.
LABELS = {
    "quotes": """say "hi" or 'hi' or `hi`""",
    "a script": "<script>alert(1)</script>",
    "braces and a pipe": "{a}{b|{c}}",
    "a final backslash": "a\\",
    "the escapes of DOT": r"\n\l\r\N\G\E\T\H\L",
    "LaTeX": r"\input{a} \end{tikzpicture} $x^2_1$ ~ # %",
    "entities": "&lt;b&gt; &amp; &#65; #60; #lt; &",
    "comments": "a // b /* c */ # d %% e",
    "DOT": 'x"]; y -> z [label="w',
    "Mermaid": 'a"] --> b; click n0 href "javascript:alert(1)"',
    "Markdown": "**x** __y__ [a](http://b)",
    "a keyword": "end",
    "a list": "- a",
    "ligatures": "a--b ,, ?` <<c>>",
    "Chinese": "损失函数",
    "mathematics": "∂L/∂w₁ ≤ π",
    "emoji": "🎉🔥",
}
