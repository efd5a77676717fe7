package com.google.refine;

import edu.mit.simile.butterfly.ButterflyModule;

/** Stands in for OpenRefine's web application: of it, the HTTP client only asks the name that it shows. */
public class RefineServlet {

    public static final String VERSION = "3.10-SNAPSHOT";

    public static String getUserAgent() {
        return "OpenRefine/" + VERSION + " [TRUNK]";
    }

    public static Class<?> getClass(String name) throws ClassNotFoundException {
        return Class.forName(name);
    }

    public ButterflyModule getModule(String name) {
        throw new UnsupportedOperationException(name);
    }
}
