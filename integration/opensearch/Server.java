import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.opensearch.Version;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

/**
 * A node of OpenSearch with plugins from the class path. Its first argument is the folder that
 * config/opensearch.yml is in, the others are the plugins' classes. It prints its address, and
 * ends with its standard input.
 */
public class Server {
    static class PluginNode extends Node {
        @SuppressWarnings({"rawtypes", "unchecked"}) // of PluginInfo since 3.0, of Class before
        PluginNode(Environment environment, Collection plugins) {
            super(environment, plugins, false);
        }
    }

    public static void main(String[] args) throws Exception {
        Settings home = Settings.builder().put("path.home", args[0]).build();
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(home, Map.of(), Path.of(args[0], "config"), () -> "server");
        List<Object> plugins = new ArrayList<>();
        for (String name : List.of(args).subList(1, args.length)) {
            plugins.add(Version.CURRENT.major < 3
                ? Class.forName(name)
                : new PluginInfo(name, "", "", Version.CURRENT, "21", name, null, List.of(), false));
        }
        Node node = new PluginNode(environment, plugins).start();
        System.out.println("http://" + node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress());
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0); // what it has is thrown away
    }
}
