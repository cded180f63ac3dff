# SPDX-License-Identifier: GPL-2.0-or-later
#
# The build is the base's own: ninja in build/qemu on the tree build/src, which
# scripts/build/sync makes from base, overlay and hooks.

BUILD := build
NINJA := scripts/build/compile

.PHONY: all
all: $(BUILD)/qemu/build.ninja
	@scripts/build/sync
	@$(NINJA) qemu

# Everything that configure does has defaults, so a mere "make" will do.
$(BUILD)/qemu/build.ninja:
	@./configure

.PHONY: help
help:
	@echo "make                build build/qemu-system-x86_64 and build/qemu-sev"
	@echo "make clean          remove what was compiled"
	@echo "make distclean      remove build/ altogether"

.PHONY: clean
clean:
	@for dir in $(BUILD)/qemu $(BUILD)/sanitize; do \
	    if test -e $$dir/build.ninja; then ninja -C $$dir -t clean; fi; \
	done

.PHONY: distclean
distclean:
	rm -rf $(BUILD)
