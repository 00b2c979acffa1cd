// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.virtio.target.queue.FaultPlan;
import org.virtio.target.queue.RequestFault;
import org.virtio.user.message.FrontEndRequest;

/**
 * Reads the faults of a target's options. An entry is the name of a fault and what it is about: {@code ioerr@7} is the
 * seventh request, {@code ioerr@7+} that and all after it, {@code ioerr} every one; {@code refuse@SET_MEM_TABLE} is a message.
 * Names are those of {@link RequestFault} and {@link MessageFault} in lower case with hyphens.
 *
 * @param requests what goes wrong with requests
 * @param messages what goes wrong with messages
 */
record Faults(Map<RequestFault, FaultPlan.Requests> requests, Map<FrontEndRequest, MessageFault> messages) {
    /**
     * Reads entries that are separated by commas.
     *
     * @param text may be null
     * @throws IllegalArgumentException if an entry cannot be understood; the message has what can be
     */
    static Faults parse(String text) {
        Faults result = new Faults(new EnumMap<>(RequestFault.class), new EnumMap<>(FrontEndRequest.class));
        if (text != null) {
            Arrays.stream(text.split(",")).map(String::strip).filter(entry -> !entry.isEmpty()).forEach(result::add);
        }
        return result;
    }

    private void add(String entry) {
        int at = entry.indexOf('@');
        String name = at < 0 ? entry : entry.substring(0, at);
        String about = at < 0 ? "" : entry.substring(at + 1);
        for (RequestFault fault : RequestFault.values()) {
            if (name(fault).equals(name)) {
                requests.put(fault, requests(entry, about));
                return;
            }
        }
        for (MessageFault fault : MessageFault.values()) {
            if (name(fault).equals(name)) {
                messages.put(message(entry, about), fault);
                return;
            }
        }
        throw new IllegalArgumentException("unknown fault " + entry + "; known are "
            + names(RequestFault.values()) + " with a request's number, as ioerr@7 or ioerr@7+, and "
            + names(MessageFault.values()) + " with a message's name, as refuse@SET_MEM_TABLE");
    }

    private static FaultPlan.Requests requests(String entry, String about) {
        if (about.isEmpty()) {
            return FaultPlan.Requests.ALL;
        }
        boolean open = about.endsWith("+");
        try {
            long first = Long.parseLong(open ? about.substring(0, about.length() - 1) : about);
            if (first >= 1) {
                return new FaultPlan.Requests(first, open ? Long.MAX_VALUE : first);
            }
        } catch (NumberFormatException e) {
            // Refused like a number below 1.
        }
        throw new IllegalArgumentException("fault " + entry + " needs the number of a request, from 1, as 7 or 7+");
    }

    private static FrontEndRequest message(String entry, String about) {
        return Arrays.stream(FrontEndRequest.values()).filter(request -> request.name().equals(about)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("fault " + entry + " needs the name of a message: one of "
                + Arrays.toString(FrontEndRequest.values())));
    }

    private static String names(Enum<?>... faults) {
        return Stream.of(faults).map(Faults::name).collect(Collectors.joining(", "));
    }

    private static String name(Enum<?> fault) {
        return fault.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
