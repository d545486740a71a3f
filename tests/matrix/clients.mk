# SPDX-License-Identifier: MIT
#
# The matrix's compiled clients, in $(B)/matrix-clients: make -k -f tests/matrix/clients.mk B=DIRECTORY.  Those whose compiler or
# library is not there are left out, and their rows say so; the others have to build.

M = $(B)/matrix-clients
SOURCES = tests/matrix/clients
PLAIN = tests/clients/fetch.c tests/clients/lookup.c
CFLAGS = -O1 -w -I. -D_GNU_SOURCE
$(shell mkdir -p $(M))

# $(call can,COMMAND,CLIENT ...): these, where it succeeds.
can = $(if $(shell { $(1); } > /dev/null 2>&1 && echo yes),$(addprefix $(M)/,$(2)))
links = echo 'int main(void) { return 0; }' | $(1) -x c -o /dev/null -
pascal = echo 'uses ssockets; begin end.' > $(M)/empty.pas && fpc -o$(M)/empty $(M)/empty.pas

all: acting unable
acting: $(call can,command -v javac,Ask.class) $(call can,pkg-config --exists gsoapssl && command -v soapcpp2,label) \
	$(call can,command -v rustc,ask-rust) $(call can,$(call links,$(CC)),fetch) $(call can,$(call links,$(CC) -m32),fetch-m32) \
	$(call can,$(call links,musl-gcc),fetch-musl)
unable: $(call can,$(call links,$(CC) -static),fetch-static) $(call can,$(call links,$(CC) -static-pie -fPIE),fetch-static-pie) \
	$(call can,command -v go,ask-go-static) $(call can,command -v go && $(call links,$(CC)),ask-go-cgo) $(call can,$(pascal),ask-pascal)

$(M)/%.class: $(SOURCES)/%.java
	javac -J-XX:-UsePerfData -d $(M) $<

# gSOAP: from the service's description to a program, with its own tools.
$(M)/gsoap/label.h: tests/matrix/label.wsdl
	mkdir -p $(@D)
	wsdl2h -c -o $@ $<
$(M)/gsoap/soapClient.c: $(M)/gsoap/label.h
	cd $(@D) && soapcpp2 -C -c -L -x -I/usr/share/gsoap/import label.h
$(M)/label: $(SOURCES)/label.c $(M)/gsoap/soapClient.c
	$(CC) -O1 -I$(M)/gsoap $$(pkg-config --cflags gsoapssl) -o $@ $^ $(M)/gsoap/soapC.c \
		$$(pkg-config --libs gsoapssl) -lssl -lcrypto -lz

$(M)/ask-rust: $(SOURCES)/ask.rs
	rustc -o $@ $<

$(M)/fetch: $(PLAIN)
	$(CC) $(CFLAGS) -o $@ $^
$(M)/fetch-m32: $(PLAIN)
	$(CC) -m32 $(CFLAGS) -o $@ $^
$(M)/fetch-musl: $(PLAIN)
	musl-gcc $(CFLAGS) -o $@ $^
$(M)/fetch-static: $(PLAIN)
	$(CC) -static $(CFLAGS) -o $@ $^
$(M)/fetch-static-pie: $(PLAIN)
	$(CC) -static-pie -fPIE $(CFLAGS) -o $@ $^

# Go looks for its caches where HOME is.
GO = HOME=$(M)/go GO111MODULE=off GOFLAGS= go build
$(M)/ask-go-static: $(SOURCES)/ask.go
	CGO_ENABLED=0 $(GO) -o $@ $<
$(M)/ask-go-cgo: $(SOURCES)/ask.go
	CGO_ENABLED=1 $(GO) -tags netcgo -o $@ $<

$(M)/ask-pascal: $(SOURCES)/ask.pas
	mkdir -p $(M)/pascal
	fpc -v0 -FU$(M)/pascal -o$@ $<

.PHONY: all acting unable
.DELETE_ON_ERROR:
