"""The live check: what a real account does where nobody has written it down.

`questions.ask_all` asks an audience that nobody needs, over any client; `traces.clear` removes what
that has made. Nothing that is found out here changes how this product works.
"""
