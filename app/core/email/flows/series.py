"""The four series of Attune, in words: who gets which mail when. Their names in Klaviyo stay, so that ours are known.

Nothing here hurries anybody: a date is named where an offer truly ends then, and nowhere else. Only the heading above
the products says how they were chosen (`Mail.grid`), because the event may bring merely popular ones.
"""

from __future__ import annotations

from typing import Final

from app.core.email.flows.plan import FlowPlan, Mail, Part, Series, Wait
from app.core.email.names import Trigger

HELLO: Final = "Hello{% if person.first_name %} {{ person.first_name }}{% endif %},"
STORE: Final = "{{ organization.name }}"

WELCOME: Final = FlowPlan(
    "welcome",
    Series.WELCOME,
    "Attune: Welcome",
    Trigger.SIGNED_UP,
    (
        Mail(
            "welcome_1",
            "Welcome, first mail",
            f"Welcome to {STORE}",
            "A first choice for you",
            "Good to have you here",
            (HELLO, "thank you for signing up. To begin with, here are some things that may suit you."),
            "Picked for you",
        ),
        Wait(2, "days"),
        Mail(
            "welcome_2",
            "Welcome, second mail",
            f"A little more of {STORE}",
            "Some more for you to look at",
            "A little more of our shop",
            (HELLO, "you have had a first look around. Here is a little more."),
            "You may like these, too",
            later=True,
        ),
        Wait(3, "days"),
        Mail(
            "welcome_3",
            "Welcome, third mail",
            f"Still looking around at {STORE}?",
            "A last few ideas for a good start",
            "Found what you were after?",
            (HELLO, "if not, perhaps one of these is it. And if you have a question, just answer this mail."),
            "Some last ideas",
        ),
    ),
    rest_days=365,
    until_order=True,
)

CART: Final = FlowPlan(
    "cart",
    Series.CART,
    "Attune: Abandoned cart",
    Trigger.CART_LEFT,
    (
        Wait(1, "hours"),
        Mail(
            "cart_1",
            "Abandoned cart, first mail",
            "Your cart is still here",
            "We kept what you chose",
            "You left something in your cart",
            (HELLO, "what you chose still stands in your cart. Here is the way back, and some things besides."),
            "Goes well with your cart",
            (Part.CART,),
        ),
        Wait(1, "days"),
        Mail(
            "cart_2",
            "Abandoned cart, second mail",
            "Not quite what you were looking for?",
            "Your cart, and some other ideas",
            "Still thinking it over?",
            (HELLO, "take your time. Your cart is where you left it, and perhaps one of these fits better."),
            "You may also like",
            (Part.CART,),
            later=True,
        ),
    ),
    rest_days=7,
    until_order=True,
)

BROWSE: Final = FlowPlan(
    "browse",
    Series.CART,
    "Attune: Browse abandoned",
    Trigger.BROWSE_ABANDONED,
    (
        Mail(
            "browse_1",
            "Browse abandoned",
            "Looked at, and thought about?",
            "Have another look",
            "Have another look",
            (HELLO, "you looked at something lately. Here it is again."),
            "You may also like",
            (Part.PRODUCT,),
        ),
    ),
    rest_days=14,
    until_order=True,
)

THANKS: Final = FlowPlan(
    "thanks",
    Series.POST_PURCHASE,
    "Attune: After the order",
    Trigger.ORDERED,
    (
        Wait(1, "days"),
        Mail(
            "thanks_1",
            "Thank you and care",
            "Thank you for your order",
            "How to get the most out of it",
            "Thank you for your order",
            (HELLO, "we hope you will enjoy it for a long time."),
            "Goes well with your order",
            (Part.CARE,),
        ),
        Wait(10, "days"),
        Mail(
            "thanks_2",
            "Accessories",
            "And now that it has found its place?",
            "Some things to go on with",
            "What could come next",
            (HELLO, "by now your order will have found its place. Here is what could come next."),
            "Goes well with what you have",
            later=True,
        ),
    ),
    rest_days=20,
    until_order=False,
)

REPLENISH: Final = FlowPlan(
    "replenish",
    Series.POST_PURCHASE,
    "Attune: Time to restock",
    Trigger.REPLENISHMENT_DUE,
    (
        Mail(
            "replenish_1",
            "Replenishment, reminder",
            "Running low?",
            "By your own rhythm it may be time again",
            "Time for some more?",
            (HELLO, "going by how often you order it, this may be running out."),
            "And while you are at it",
            (Part.PRODUCT,),
        ),
    ),
    rest_days=14,
    until_order=True,
)

WIN_BACK: Final = FlowPlan(
    "win_back",
    Series.WIN_BACK,
    "Attune: Win-back",
    Trigger.WIN_BACK,
    (
        Mail(
            "win_back_1",
            "Win-back, first mail",
            "It has been a while",
            "Something for you, should you like to come back",
            "It has been a while",
            (HELLO, "we have not seen you for some time. Here is what we would show you today."),
            "Chosen for you",
            (Part.OFFER,),
        ),
        Wait(5, "days"),
        Mail(
            "win_back_2",
            "Win-back, reminder",
            "{% if event.offer_ends %}Your code is good until {{ event.offer_ends }}{% else %}A few things you may like"
            "{% endif %}",
            "A few things for you once more",
            "Before you forget",
            (HELLO, "we promise not to keep writing about it: this is the last mail of its kind for a while."),
            "Chosen for you",
            (Part.OFFER,),
            later=True,
        ),
    ),
    rest_days=90,
    until_order=True,
)

FLOWS: Final = (WELCOME, CART, BROWSE, THANKS, REPLENISH, WIN_BACK)
TITLES: Final = {
    Series.WELCOME: "Welcome",
    Series.CART: "Abandoned cart",
    Series.POST_PURCHASE: "After the purchase",
    Series.WIN_BACK: "Win-back",
}
ABOUT: Final = {
    Series.WELCOME: "Greets newcomers with what they looked at before they signed up.",
    Series.CART: "Leads back to the cart or the product, with what goes well with it.",
    Series.POST_PURCHASE: "Thanks, shows what goes with it, and reminds when it is due again.",
    Series.WIN_BACK: "Writes to customers who are lost, with their own products.",
}
