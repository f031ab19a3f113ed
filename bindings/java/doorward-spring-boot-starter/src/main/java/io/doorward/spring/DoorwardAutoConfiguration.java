package io.doorward.spring;

import io.doorward.Config;
import io.doorward.Doorward;
import io.doorward.Options;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.InstantSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import tools.jackson.databind.JacksonModule;

/** Opens an engine, and connects it with Spring Security, the actuator and Jackson. */
@AutoConfiguration(
    beforeName = {
      "org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration",
      "org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration"
    })
public class DoorwardAutoConfiguration {
  /** Makes a configuration. */
  public DoorwardAutoConfiguration() {}

  /**
   * Opens the engine by the properties {@code doorward.*}, which are the members of {@link Config}.
   * Another one in a file or an argument is refused. A bean of type {@link InstantSource} is its
   * clock, for tests.
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  public Doorward doorward(Environment environment, ObjectProvider<InstantSource> clock) {
    Binder binder = Binder.get(environment);
    BindHandler strict =
        new NoUnboundElementsBindHandler(BindHandler.DEFAULT, new UnboundElementsSourceFilter());
    Config config =
        binder.bind("doorward", Bindable.of(Config.class), strict).orElseGet(Config::of);
    return Doorward.open(config, Options.of().withClock(clock.getIfAvailable()));
  }

  /** The logins by name and password. */
  @Bean
  @ConditionalOnMissingBean
  public DoorwardAuthenticationProvider doorwardAuthenticationProvider(Doorward engine) {
    return new DoorwardAuthenticationProvider(engine);
  }

  /** What a web application needs. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
  static class Web {
    /** Without rules of the application every request needs a user. */
    @Bean
    @ConditionalOnMissingBean
    SecurityFilterChain doorwardSecurity(HttpSecurity http, Doorward engine) {
      return http.with(new DoorwardSecurity(engine), Customizer.withDefaults())
          .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
          .build();
    }

    @Bean
    @ConditionalOnMissingBean
    DoorwardExceptionHandler doorwardExceptionHandler() {
      return new DoorwardExceptionHandler();
    }
  }

  /** The engine's types in JSON. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(JacksonModule.class)
  static class Jackson {
    @Bean
    @ConditionalOnMissingBean
    DoorwardJacksonModule doorwardJacksonModule() {
      return new DoorwardJacksonModule();
    }
  }

  /** The state of the store. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(HealthIndicator.class)
  static class State {
    @Bean
    @ConditionalOnMissingBean
    DoorwardHealthIndicator doorwardHealthIndicator(Doorward engine) {
      return new DoorwardHealthIndicator(engine);
    }
  }

  /** The figures. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(MeterBinder.class)
  static class Metrics {
    @Bean
    @ConditionalOnMissingBean
    DoorwardMetrics doorwardMetrics(Doorward engine) {
      return new DoorwardMetrics(engine);
    }
  }
}
