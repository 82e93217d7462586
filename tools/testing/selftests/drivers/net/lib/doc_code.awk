# SPDX-License-Identifier: GPL-2.0
# The pieces of C in a document, one after the other
/^\.\. code-block:: c$/ { inside = 1; next }
/^[^ ]/ { inside = 0 }
inside { sub(/^    /, ""); print }
