# SPDX-License-Identifier: GPL-2.0-or-later
#
# The build is the base's own: ninja in build/qemu on the tree build/src, which
# scripts/build/sync makes from base, overlay and hooks.

BUILD := build
DO := scripts/build

# Programs of the overlay that have a target of their own here.
DEMO := scripts/sev-demo
BENCH := $(DO)/bench

PREFIX := /usr/local

# Our tests are one meson suite; the base's are called after the target.
SUITE := --suite sev
BASE_SUITE := --suite qtest-x86_64 --no-suite sev
# Their expected tables hold an address that the base's own SeaBIOS chooses and
# the one of a Debian package need not; they fail on the pristine base too.
BASE_SKIP := -s /x86_64/acpi/piix4/dimmpxm -s /x86_64/acpi/q35/mmio64

# Instrumented code is slower, and the base is not free of leaks at exit.
SANITIZE := --enable-asan --enable-ubsan --disable-werror
export ASAN_OPTIONS ?= detect_leaks=0
export UBSAN_OPTIONS ?= halt_on_error=1:print_stacktrace=1

.PHONY: all
all: $(BUILD)/qemu/build.ninja
	@$(DO)/sync
	@$(DO)/compile qemu

# Everything that configure does has defaults, so a mere "make" will do.
$(BUILD)/qemu/build.ninja: configure
	@if test -e $@; then ./configure --again; else ./configure; fi
	@touch $@

.PHONY: help
help:
	@echo "make                build/qemu-system-x86_64 and build/qemu-sev"
	@echo "make demo           an attested, encrypted boot, step by step"
	@echo "make check          all our tests"
	@echo "make check-stress   a million checked accesses to encrypted memory"
	@echo "make check-boots    many boots of three kernels on a busy machine"
	@echo "make check-base     the base's own tests of x86_64"
	@echo "make check-sanitize our tests with address and undefined sanitizers"
	@echo "make check-threads  encrypted memory with the thread sanitizer"
	@echo "make check-configs  builds without libgcrypt, TCG or KVM, and their tests"
	@echo "make check-mutants  whether the tests notice lines that are changed"
	@echo "make check-bare     demo and check in bare Debian 12 and 13 (root)"
	@echo "make check-full     check where all that tests must not see is there"
	@echo "make bench          what SEV costs, in ratios"
	@echo "make docs           the manual, in build/docs"
	@echo "make install        to DESTDIR and PREFIX ($(PREFIX))"
	@echo "make deb            a package that goes beside Debian's QEMU"
	@echo "make style          the base's checkpatch.pl, and the way of includes"
	@echo "make series         a patch series against the base, checked"
	@echo "make series-bisect  the same, and build every step of it"
	@echo "make clean          remove what was compiled"
	@echo "make distclean      remove build/ altogether"

.PHONY: guest
guest:
	@$(DO)/packages build check
	@$(DO)/fetch-guest

.PHONY: demo
demo: guest all
	@$(DEMO)

.PHONY: bench
bench: guest all
	@$(BENCH)

.PHONY: check
check: guest all man
	@$(DO)/fetch-libvirt
	@$(DO)/run-tests qemu $(SUITE)

# A million accesses by four vCPUs and a device, each checked.
.PHONY: check-stress
check-stress: all
	@$(DO)/run-tests qemu --setup slow --timeout-multiplier 10 \
	    --suite sev-stress

# "make check-boots BOOTS=100" for more of each.
BOOTS := 20
.PHONY: check-boots
check-boots: guest all
	@$(DO)/fetch-guest kernels
	@$(DO)/check-boots -n $(BOOTS)

.PHONY: check-base
check-base: guest all
	@$(DO)/run-tests qemu \
	    --timeout-multiplier 5 --test-args "$(BASE_SKIP)" $(BASE_SUITE)

.PHONY: check-sanitize
check-sanitize: guest man $(BUILD)/sanitize/build.ninja
	@$(DO)/fetch-libvirt
	@$(DO)/sync
	@$(DO)/compile sanitize
	@$(DO)/run-tests sanitize --timeout-multiplier 5 $(SUITE)

$(BUILD)/sanitize/build.ninja: configure
	@./configure --build-dir=sanitize $(SANITIZE)
	@touch $@

# The base's own code is not free of reports: only ours that needs none of it.
.PHONY: check-threads
check-threads: $(BUILD)/threads/build.ninja
	@$(DO)/sync
	@$(DO)/run-tests threads --setup slow --timeout-multiplier 10 \
	    --suite sev-threads

$(BUILD)/threads/build.ninja: configure
	@./configure --build-dir=threads --enable-tsan --disable-werror
	@touch $@

# What a distribution may leave out of QEMU; half an hour the first time.
.PHONY: check-configs
check-configs: all
	@$(DO)/check-configs

# Whether the tests notice changes; in build/qemu, which is as before then.
.PHONY: check-mutants
check-mutants: all
	@$(DO)/check-mutants

.PHONY: check-bare
check-bare:
	@$(DO)/packages build bare
	@$(DO)/check-bare

.PHONY: check-full
check-full:
	@$(DO)/packages build bare
	@$(DO)/check-full

.PHONY: docs
docs: $(BUILD)/qemu/build.ninja
	@$(DO)/packages docs
	@$(DO)/sync
	@$(DO)/docs

# What is installed, and so what the tests install.
.PHONY: man
man: $(BUILD)/qemu/build.ninja
	@$(DO)/packages docs
	@$(DO)/sync
	@$(DO)/docs man

.PHONY: install
install: guest all docs
	@$(DO)/install "$(DESTDIR)" "$(PREFIX)"

.PHONY: deb
deb: guest all docs
	@$(DO)/deb

.PHONY: series series-bisect
series: $(BUILD)/qemu/build.ninja
	@$(DO)/packages series
	@$(DO)/sync
	@$(DO)/series

series-bisect: series
	@$(DO)/series --bisect

# The quick half of what "make series" checks.
.PHONY: style
style: $(BUILD)/qemu/build.ninja
	@$(DO)/packages series
	@$(DO)/sync
	@cd $(BUILD)/src && find hw include scripts target tests tools -type l \( -name '*.[chS]' -o -name '*.py' \) \
	    -lname '../*' -print0 | sort -z | \
	    xargs -0 -n 1 perl scripts/checkpatch.pl --no-tree --terse \
	    --no-summary -f
	@$(DO)/check-includes

.PHONY: clean
clean:
	@for dir in $(BUILD)/qemu $(BUILD)/sanitize; do \
	    if test -e $$dir/build.ninja; then ninja -C $$dir -t clean; fi; \
	done

.PHONY: distclean
distclean:
	rm -rf $(BUILD)
